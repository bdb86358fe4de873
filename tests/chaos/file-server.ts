// A file for imports by URL, which no fault reaches.

import { once } from 'node:events'
import { createServer } from 'node:http'

export interface FileServer {
  /** As IMPORT_ALLOWED_HOSTS has it. */
  readonly host: string
  readonly url: string
  content: string
  close(): Promise<void>
}

export async function startFileServer(): Promise<FileServer> {
  let content = ''
  const server = createServer((_, response) => response.end(content)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the file server got no port')
  const host = `127.0.0.1:${address.port}`
  return {
    host,
    url: `http://${host}/file.csv`,
    get content() {
      return content
    },
    set content(next) {
      content = next
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
