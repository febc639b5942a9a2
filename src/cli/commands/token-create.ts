import { Option } from 'commander'
import { ROLES, type Role, type TokenResource } from '../../api/schemas/token.ts'
import { type Register, seconds } from '../command.ts'
import type { View } from '../output.ts'

type Created = TokenResource & { token: string }

const createdView: View<Created> = {
  name: token => token.id,
  columns: [
    { header: 'TOKEN', value: token => token.token },
    { header: 'NAME', value: token => token.name },
    { header: 'ROLE', value: token => token.role },
    { header: 'EXPIRES', value: token => token.expiresAt ?? 'never' },
  ],
}

/** `dim token create`: the answer is the only time the token is shown. */
export const registerTokenCreate: Register = (noun, bind) => {
  const command = noun
    .command('create <name>')
    .description('make a token of the API; it is shown once')
    .addOption(new Option('--role <role>', 'what its holder may do').choices(ROLES).default('viewer'))
    .option('--expires-in <time>', 'for example 12h or 90d (never)', seconds)
  bind<{ role: Role; expiresIn?: number }>(command, async ({ api, out }, options, name) => {
    const expiresAt =
      options.expiresIn === undefined ? null : new Date(Date.now() + options.expiresIn * 1_000).toISOString()
    out.one(await api.post<Created>('/v1/tokens', { name, role: options.role, expiresAt }), createdView)
    out.say('the token is not shown again')
  })
}
