import { runPhase, type SizeTask } from './size-phase.ts'

// A process of its own, so that its memory is that of one task, which is its argument in JSON.
process.stdout.write(`${JSON.stringify(await runPhase(JSON.parse(process.argv[2]!) as SizeTask))}\n`)
