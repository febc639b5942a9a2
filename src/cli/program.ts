import { Command, Option } from 'commander'
import type { Bind, Register } from './command.ts'
import { registerAccessKeyCreate } from './commands/access-key-create.ts'
import { registerAccessKeyList } from './commands/access-key-list.ts'
import { registerAccessKeyRevoke } from './commands/access-key-revoke.ts'
import { registerBucketCreate } from './commands/bucket-create.ts'
import { registerBucketList } from './commands/bucket-list.ts'
import { registerBucketSet } from './commands/bucket-set.ts'
import { registerBucketShow } from './commands/bucket-show.ts'
import { registerChaosProxy } from './commands/chaos-proxy.ts'
import { registerChaosSimulate } from './commands/chaos-simulate.ts'
import { registerChaosStore } from './commands/chaos-store.ts'
import { registerCompletion } from './commands/completion.ts'
import { registerDeadLetterDiscard } from './commands/dead-letter-discard.ts'
import { registerDeadLetterList } from './commands/dead-letter-list.ts'
import { registerDeadLetterReplay } from './commands/dead-letter-replay.ts'
import { registerDeadLetterShow } from './commands/dead-letter-show.ts'
import { registerDemo } from './commands/demo.ts'
import { registerDoctor } from './commands/doctor.ts'
import { registerEventTail } from './commands/event-tail.ts'
import { registerExplain } from './commands/explain.ts'
import { registerImport } from './commands/import.ts'
import { registerLocationAdd } from './commands/location-add.ts'
import { registerLocationClearFull } from './commands/location-clear-full.ts'
import { registerLocationList } from './commands/location-list.ts'
import { registerLocationReIdentify } from './commands/location-re-identify.ts'
import { registerLocationRemove } from './commands/location-remove.ts'
import { registerLocationSet } from './commands/location-set.ts'
import { registerLocationShow } from './commands/location-show.ts'
import { registerMigrationControl } from './commands/migration-control.ts'
import { registerMigrationList } from './commands/migration-list.ts'
import { registerMigrationResume } from './commands/migration-resume.ts'
import { registerMigrationShow } from './commands/migration-show.ts'
import { registerMigrationStatus } from './commands/migration-status.ts'
import { registerMigrationStop } from './commands/migration-stop.ts'
import { registerMigrationUndo } from './commands/migration-undo.ts'
import { registerObjectList } from './commands/object-list.ts'
import { registerObjectPin } from './commands/object-pin.ts'
import { registerObjectShow } from './commands/object-show.ts'
import { registerObjectStat } from './commands/object-stat.ts'
import { registerObjectUnpin } from './commands/object-unpin.ts'
import { registerOrphanControl } from './commands/orphan-control.ts'
import { registerOrphanList } from './commands/orphan-list.ts'
import { registerOrphanShow } from './commands/orphan-show.ts'
import { registerPlanApprove } from './commands/plan-approve.ts'
import { registerPlanList } from './commands/plan-list.ts'
import { registerPlanPause } from './commands/plan-pause.ts'
import { registerPlanReject } from './commands/plan-reject.ts'
import { registerPlanShow } from './commands/plan-show.ts'
import { registerPlanStatus } from './commands/plan-status.ts'
import { registerPolicyApply } from './commands/policy-apply.ts'
import { registerPolicyList } from './commands/policy-list.ts'
import { registerPolicyShow } from './commands/policy-show.ts'
import { registerPolicyValidate } from './commands/policy-validate.ts'
import { registerPriceBookApply } from './commands/pricebook-apply.ts'
import { registerPriceBookList } from './commands/pricebook-list.ts'
import { registerPriceBookShow } from './commands/pricebook-show.ts'
import { registerReconcileFindings } from './commands/reconcile-findings.ts'
import { registerReconcileStart } from './commands/reconcile-start.ts'
import { registerReconcileStatus } from './commands/reconcile-status.ts'
import { registerReplayAccessLog } from './commands/replay-access-log.ts'
import { registerScrubPause, registerScrubStart } from './commands/scrub-control.ts'
import { registerScrubStatus } from './commands/scrub-status.ts'
import { registerServe } from './commands/serve.ts'
import { registerStoreAdd } from './commands/store-add.ts'
import { registerStoreList } from './commands/store-list.ts'
import { registerStoreLoad } from './commands/store-load.ts'
import { registerStorePause } from './commands/store-pause.ts'
import { registerStoreProbe } from './commands/store-probe.ts'
import { registerStoreRemove } from './commands/store-remove.ts'
import { registerStoreSet } from './commands/store-set.ts'
import { registerStoreShow } from './commands/store-show.ts'
import { registerTierReinstate, registerTierRetire } from './commands/tier-retire.ts'
import { registerTokenCreate } from './commands/token-create.ts'
import { registerTokenList } from './commands/token-list.ts'
import { registerTokenRevoke } from './commands/token-revoke.ts'
import { registerTraffic } from './commands/traffic.ts'
import { registerMigrationUrgency, registerPlanUrgency } from './commands/urgency.ts'
import { registerVerify } from './commands/verify.ts'
import { registerVersion } from './commands/version.ts'
import { EXIT_MEANINGS } from './exit-codes.ts'
import { OUTPUT_FORMATS } from './output.ts'
import type { Terminal } from './terminal.ts'

/** The nouns with their verbs, in the order of the help. */
const NOUNS: readonly {
  readonly noun: string
  /** What people also call it: acts of many at once read better so. */
  readonly alias?: string
  readonly description: string
  readonly verbs: readonly Register[]
}[] = [
  {
    noun: 'store',
    description: 'endpoints that keep bytes',
    verbs: [
      registerStoreAdd,
      registerStoreList,
      registerStoreShow,
      registerStoreLoad,
      registerStoreSet,
      registerStoreProbe,
      registerStorePause,
      registerStoreRemove,
    ],
  },
  {
    noun: 'location',
    description: 'containers in stores where copies can live',
    verbs: [
      registerLocationAdd,
      registerLocationList,
      registerLocationShow,
      registerLocationSet,
      registerLocationReIdentify,
      registerLocationClearFull,
      registerLocationRemove,
    ],
  },
  {
    noun: 'tier',
    description: 'places as a whole: emptying one',
    verbs: [registerTierRetire, registerTierReinstate],
  },
  {
    noun: 'bucket',
    description: 'name spaces of objects behind the gateway',
    verbs: [registerBucketCreate, registerBucketList, registerBucketShow, registerBucketSet],
  },
  {
    noun: 'object',
    description: 'objects, their copies and their heat',
    verbs: [
      registerObjectList,
      registerObjectShow,
      registerObjectStat,
      registerObjectPin,
      registerObjectUnpin,
    ],
  },
  {
    noun: 'policy',
    description: 'what is allowed and wanted for objects',
    verbs: [registerPolicyApply, registerPolicyList, registerPolicyShow, registerPolicyValidate],
  },
  {
    noun: 'pricebook',
    description: 'dated prices of locations',
    verbs: [registerPriceBookApply, registerPriceBookList, registerPriceBookShow],
  },
  {
    noun: 'plan',
    description: 'decisions grouped for review',
    alias: 'plans',
    verbs: [
      registerPlanList,
      registerPlanShow,
      registerPlanStatus,
      registerPlanApprove,
      registerPlanReject,
      registerPlanPause,
      registerPlanUrgency,
    ],
  },
  {
    noun: 'migration',
    description: 'moves of objects between locations',
    alias: 'migrations',
    verbs: [
      registerMigrationStatus,
      registerMigrationList,
      registerMigrationShow,
      registerMigrationStop,
      registerMigrationResume,
      registerMigrationControl,
      registerMigrationUndo,
      registerMigrationUrgency,
    ],
  },
  {
    noun: 'reconcile',
    description: 'comparing what lies in containers with the catalog',
    verbs: [registerReconcileStart, registerReconcileStatus, registerReconcileFindings],
  },
  {
    noun: 'scrub',
    description: 'comparing copies with the catalog, for ever',
    verbs: [registerScrubStatus, registerScrubStart, registerScrubPause],
  },
  {
    noun: 'orphan',
    description: 'bytes in stores that nobody needs',
    verbs: [registerOrphanList, registerOrphanShow, registerOrphanControl],
  },
  {
    noun: 'access-key',
    description: 'keys of S3 clients',
    verbs: [registerAccessKeyCreate, registerAccessKeyList, registerAccessKeyRevoke],
  },
  {
    noun: 'token',
    description: 'tokens of the API',
    verbs: [registerTokenCreate, registerTokenList, registerTokenRevoke],
  },
  { noun: 'event', description: 'who read and wrote what', verbs: [registerEventTail] },
  {
    noun: 'dead-letter',
    description: 'events that could not be understood',
    verbs: [
      registerDeadLetterList,
      registerDeadLetterShow,
      registerDeadLetterReplay,
      registerDeadLetterDiscard,
    ],
  },
  {
    noun: 'chaos',
    description: 'drills: faults on purpose',
    verbs: [registerChaosStore, registerChaosProxy, registerChaosSimulate],
  },
  { noun: 'replay', description: 'what happened, once more', verbs: [registerReplayAccessLog] },
]

/** Commands without a noun: before and after the nouns. */
const FIRST: readonly Register[] = [registerDemo, registerServe, registerDoctor]
const LAST: readonly Register[] = [
  registerImport,
  registerTraffic,
  registerExplain,
  registerVerify,
  registerCompletion,
  registerVersion,
]

/** The whole command line. Nothing runs before it is parsed. */
export function createProgram(bind: Bind, terminal: Terminal): Command {
  const program = new Command('dim')
    .description(
      'Data in Motion: hears every access, prices every place, moves objects when it pays, proves each copy.',
    )
    .option('--endpoint <url>', 'the API to talk to (DIM_ENDPOINT; the server of this machine)')
    .option('--token <token>', 'token of the API (DIM_TOKEN, DIM_TOKEN_FILE; that of the local server)')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(OUTPUT_FORMATS).default('table'))
    .option('--no-headers', 'tables without headers')
    .option('-q, --quiet', 'print answers only')
    .addHelpText('after', exitCodeHelp())
    .showSuggestionAfterError()
    .showHelpAfterError('Try --help.')
    .exitOverride()
    .configureOutput({
      writeOut: text => terminal.print(text.trimEnd()),
      writeErr: text => terminal.say(text.trimEnd()),
    })
  for (const register of FIRST) register(program, bind)
  for (const { noun, alias, description, verbs } of NOUNS) {
    const command = program.command(noun).description(description)
    if (alias !== undefined) command.alias(alias)
    for (const register of verbs) register(command, bind)
  }
  for (const register of LAST) register(program, bind)
  return program
}

function exitCodeHelp(): string {
  const lines = EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`)
  return `\nExit codes:\n${lines.join('\n')}`
}
