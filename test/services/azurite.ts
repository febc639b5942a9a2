import { startServer } from './start-server.ts'

/** A real Azure Blob server of one test file, with everything in memory. */
export interface AzureServer {
  /** With the account in its path, as emulators have it. */
  readonly endpoint: string
  readonly account: string
  readonly accountKey: string
  /** Ends the server; its data goes with it. */
  stop(): Promise<void>
}

const ACCOUNT = {
  account: 'dimtest',
  accountKey: Buffer.from('dimtestsecretdimtestsecret').toString('base64'),
}

/** Starts an Azure Blob server of its own, or answers why there is none ({@link startServer}). */
export async function startAzurite(): Promise<AzureServer | { readonly missing: string }> {
  const server = await startServer({
    script: 'azurite',
    called: 'the Azure server Azurite',
    // Under load it was seen to take 6 seconds.
    startMsMax: 60_000,
    command: ({ program, port }) => ({
      program: process.execPath,
      parameters: [
        program,
        ...['--blobHost', '127.0.0.1', '--blobPort', String(port)],
        ...['--inMemoryPersistence', '--skipApiVersionCheck', '--disableTelemetry', '--silent'],
      ],
      environment: { AZURITE_ACCOUNTS: `${ACCOUNT.account}:${ACCOUNT.accountKey}` },
    }),
  })
  if ('missing' in server) return server
  return { endpoint: `http://127.0.0.1:${server.port}/${ACCOUNT.account}`, ...ACCOUNT, stop: server.stop }
}
