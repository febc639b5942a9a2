import type { PolicyResource } from '../../api/schemas/policy.ts'
import { limitOf, type Register, withListOptions } from '../command.ts'
import { policyView } from '../views/policy.ts'

/** `dim policy list` */
export const registerPolicyList: Register = (noun, bind) => {
  bind<{ limit: number }>(
    withListOptions(noun.command('list').alias('ls').description('policies by name')),
    async ({ api, out }, options) => {
      out.list((await api.list<PolicyResource>('/v1/policies', {}, limitOf(options))).items, policyView)
    },
  )
}
