import { stringify } from 'yaml'
import type { PolicyResource } from '../../api/schemas/policy.ts'
import type { Register } from '../command.ts'
import { findNamed } from '../references.ts'
import { policyView } from '../views/policy.ts'

/** `dim policy show`: for people, the document as it could be applied again. */
export const registerPolicyShow: Register = (noun, bind) => {
  bind(
    noun.command('show <policy>').description('one policy with its document'),
    async (session, _options, name) => {
      const policy = await findNamed<PolicyResource>(session.api, 'policy', name)
      if (session.out.format !== 'table') return session.out.one(policy, policyView)
      session.out.say(`# revision ${policy.revision}, buckets: ${policy.buckets.join(', ') || 'none'}`)
      session.terminal.print(stringify(policy.spec).trimEnd())
    },
  )
}
