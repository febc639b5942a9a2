import { startServer } from './start-server.ts'

/**
 * A real Google Cloud Storage server of one test file, with everything in memory; it asks for no credentials.
 */
export interface GcsServer {
  readonly endpoint: string
  readonly projectId: string
  /** Ends the server; its data goes with it. */
  stop(): Promise<void>
}

/** Starts a Google Cloud Storage server of its own, or answers why there is none ({@link startServer}). */
export async function startGcsServer(): Promise<GcsServer | { readonly missing: string }> {
  const server = await startServer({
    script: 'fake-gcs-server',
    called: 'the Google server fake-gcs-server',
    startMsMax: 20_000,
    command: ({ program, port }) => ({
      program,
      parameters: [
        ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port)],
        ...['-public-host', `127.0.0.1:${port}`, '-external-url', `http://127.0.0.1:${port}`],
        ...['-backend', 'memory', '-log-level', 'error'],
      ],
    }),
  })
  if ('missing' in server) return server
  return { endpoint: `http://127.0.0.1:${server.port}`, projectId: 'dimtest', stop: server.stop }
}
