/** What a long test is given by `npm run test:long`. */
export interface LongTestContext {
  /** Tells people what happens. */
  readonly say: (line: string) => void
  /** A folder of the test's own; what lies in it is there again when the test goes on. */
  readonly folder: string
  readonly seed: string
}

/**
 * A test too long for every day, in pieces: one that was finished is not run again when the test goes on
 * later, on the same revision of the program.
 */
export interface LongTest {
  /** Names of the pieces, in their order. */
  readonly pieces: readonly string[]
  /** Runs one piece; what it resolves to is kept as JSON. Rejects when nothing can be concluded. */
  runPiece(piece: string, context: LongTestContext): Promise<unknown>
  /** What all pieces show together, and whether that is as it must be. */
  conclude(results: readonly unknown[]): { readonly passed: boolean; readonly summary: object }
}
