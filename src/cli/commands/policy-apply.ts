import type { PolicyResource } from '../../api/schemas/policy.ts'
import type { Register } from '../command.ts'
import { documentName, readDocument } from '../documents.ts'
import { namedPath } from '../references.ts'
import { warnOfUnencryptedWrites } from '../unencrypted-writes.ts'
import { policyView } from '../views/policy.ts'

/** `dim policy apply`: adds the policy, or replaces the one of that name. */
export const registerPolicyApply: Register = (noun, bind) => {
  const command = noun
    .command('apply')
    .description('add a policy from a YAML or JSON document, or replace the one of its name')
    .requiredOption('-f, --file <file>', 'the document; "-" reads standard input')
  bind<{ file: string }>(command, async ({ api, out }, options) => {
    const spec = await readDocument(options.file)
    const name = documentName(spec, options.file)
    const { items } = await api.list<PolicyResource>('/v1/policies', {}, Number.POSITIVE_INFINITY)
    const present = items.find(policy => policy.name === name)
    const policy =
      present === undefined
        ? await api.post<PolicyResource>('/v1/policies', { spec })
        : await api.change<PolicyResource>('PUT', namedPath('policy', present.id), { spec })
    out.one(policy, policyView)
    await warnOfUnencryptedWrites({ api, out }, bucket => bucket.policy?.id === policy.id)
  })
}
