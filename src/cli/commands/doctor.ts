import type { Register } from '../command.ts'
import { checkInstallation } from '../doctor/check-installation.ts'
import type { Finding } from '../doctor/finding.ts'
import { EXIT } from '../exit-codes.ts'
import type { View } from '../output.ts'
import type { Terminal } from '../terminal.ts'

const SYMBOLS: Readonly<Record<Finding['verdict'], string>> = { ok: '✓', warning: '!', failed: '✗' }

function findingView({ green, red, yellow }: Terminal['colors']): View<Finding> {
  const paint = { ok: green, warning: yellow, failed: red }
  return {
    name: finding => finding.check,
    columns: [
      { header: '', value: finding => paint[finding.verdict](SYMBOLS[finding.verdict]) },
      { header: 'CHECK', value: finding => finding.check },
      { header: 'FINDING', value: finding => finding.text },
      { header: 'WHAT TO DO', value: finding => finding.fix ?? '' },
    ],
  }
}

/** `dim doctor`: what is wrong with this installation, and how to put it right. */
export const registerDoctor: Register = (program, bind) => {
  const command = program
    .command('doctor')
    .description('look for what is wrong with this installation, and say how to put it right')
    .option('--config <file>', 'YAML configuration (DIM_CONFIG)')
  bind<{ config?: string }>(command, async (session, options) => {
    const findings = await checkInstallation(session, options.config)
    session.out.list(findings, findingView(session.terminal.colors))
    return findings.some(finding => finding.verdict === 'failed') ? EXIT.error : EXIT.ok
  })
}
