/**
 * The chunks of a body with something done to each on its way; what it is done with may be waited for. The body
 * is given up when its reader gives up.
 */
export function passingThrough(
  body: AsyncIterable<Uint8Array>,
  pass: (chunk: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const chunks = body[Symbol.asyncIterator]()
      return {
        async next() {
          const step = await chunks.next()
          if (step.done === true) return { done: true, value: undefined }
          const passed = pass(step.value)
          return { done: false, value: passed instanceof Uint8Array ? passed : await passed }
        },
        return: async () => {
          await chunks.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
