import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'

/** The reference: files of a folder served by plain `node:http`. The folder is the only argument. */
const folder = process.argv[2]!

const server = createServer((request, response) => {
  const file = path.join(folder, request.url ?? '/')
  stat(file).then(
    found => {
      response.writeHead(200, { 'Content-Length': found.size, 'Content-Type': 'binary/octet-stream' })
      createReadStream(file).pipe(response)
    },
    () => response.writeHead(404).end(),
  )
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
