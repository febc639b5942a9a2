import { ROLE_NAMES } from '../../app/role-names.ts'
import type { Register } from '../command.ts'
import { EXIT } from '../exit-codes.ts'

/** `dim serve`: does the roles of this process until it is told to stop. */
export const registerServe: Register = (program, bind) => {
  const command = program
    .command('serve')
    .description('run the server: all roles, or some')
    .option('--roles <roles>', `comma-separated: ${ROLE_NAMES.join(', ')} (all)`)
    .option('--config <file>', 'YAML configuration (DIM_CONFIG)')
    .option('--data-dir <folder>', 'folder for the embedded database, keys and state (DIM_DATA_DIR)')
  bind<{ roles?: string; config?: string; dataDir?: string }>(command, async (session, options) => {
    // Loaded here, so that commands which only talk to a server start quickly.
    const [{ loadConfig }, { startServer }, { createLogger }, { findDashboard }] = await Promise.all([
      import('../../app/config.ts'),
      import('../../app/start-server.ts'),
      import('../../telemetry/logger.ts'),
      import('../../app/dashboard-folder.ts'),
    ])
    const config = loadConfig({
      environment: session.environment,
      file: options.config,
      overrides: {
        ...(options.roles === undefined ? {} : { roles: options.roles.split(',').map(role => role.trim()) }),
        ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
      },
    })
    const server = await startServer(config, { log: createLogger({ level: config.log.level }) })
    const { say } = session.out
    say(`serving ${config.roles.join(', ')}; data in ${config.dataDir}`)
    if (server.apiUrl !== null) {
      const missing =
        findDashboard() === null ? ' (the dashboard is not built: npm run build, then start again)' : ''
      say(`dashboard and API: ${server.apiUrl}${missing}`)
    }
    if (server.gatewayUrl !== null) say(`S3 gateway: ${server.gatewayUrl}`)
    if (server.administratorToken !== null) {
      say("The administrator's token, shown this once:")
      session.terminal.print(server.administratorToken)
    }
    if (!session.signal.aborted)
      await new Promise(resolve => session.signal.addEventListener('abort', resolve, { once: true }))
    say('stopping')
    await server.stop()
    return EXIT.ok
  })
}
