import type { Register } from '../command.ts'
import { readDocument } from '../documents.ts'
import { EXIT } from '../exit-codes.ts'

/** `dim policy validate`: everything that is wrong with a document; exit code 2 when something is. */
export const registerPolicyValidate: Register = (noun, bind) => {
  const command = noun
    .command('validate')
    .description('say everything that is wrong with a policy document')
    .requiredOption('-f, --file <file>', 'the document; "-" reads standard input')
  bind<{ file: string }>(command, async ({ api, out, terminal }, options) => {
    const spec = await readDocument(options.file)
    const answer = await api.post<{ valid: boolean; errors: { field: string; message: string }[] }>(
      '/v1/policies/validation',
      { spec },
    )
    if (out.format === 'json' || out.format === 'yaml') out.one(answer, { name: String, columns: [] })
    else for (const { field, message } of answer.errors) terminal.print(`${field}: ${message}`)
    if (!answer.valid) return EXIT.usage
    out.say('the policy is good')
    return EXIT.ok
  })
}
