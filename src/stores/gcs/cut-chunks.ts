/** The same bytes in chunks of exactly this size, but for the last. At most one of them is held in memory. */
export async function* cutChunks(
  source: AsyncIterable<Uint8Array>,
  chunkBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  for await (let piece of source) {
    while (heldBytes + piece.byteLength >= chunkBytes) {
      const rest = chunkBytes - heldBytes
      yield joined([...held, piece.subarray(0, rest)])
      held = []
      heldBytes = 0
      piece = piece.subarray(rest)
    }
    if (piece.byteLength > 0) held.push(piece)
    heldBytes += piece.byteLength
  }
  if (heldBytes > 0) yield joined(held)
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}
