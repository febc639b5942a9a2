import type { ExplanationResource } from '../../api/schemas/explanation.ts'
import type { Register } from '../command.ts'
import { objectApiPath, parseObjectAddress } from '../references.ts'
import { explanationText } from '../views/explanation.ts'

/** `dim explain`: why an object is where it is. */
export const registerExplain: Register = (program, bind) => {
  const command = program
    .command('explain <object>')
    .description('why an object is where it is, what each place would cost, what would change it')
  bind(command, async ({ api, out, terminal }, _options, address) => {
    const path = objectApiPath(parseObjectAddress(address))
    const explanation = await api.get<ExplanationResource>(`${path}/explanation`)
    if (out.format === 'table' || out.format === 'wide') terminal.print(explanationText(explanation))
    else out.one(explanation, { name: found => `s3://${found.bucket}/${found.key}`, columns: [] })
  })
}
