import { createServer, type IncomingHttpHeaders } from 'node:http'

interface Caught {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface HttpCatcher {
  readonly url: string
  readonly port: number
  readonly caught: Caught[]
  /** What the next requests are answered; without any left, 200. */
  readonly answers: { status: number; headers?: Record<string, string> }[]
  close(): Promise<void>
}

/** A real HTTP server that keeps what it is sent. */
export async function startCatcher(port = 0): Promise<HttpCatcher> {
  const caught: Caught[] = []
  const answers: { status: number; headers?: Record<string, string> }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      caught.push({
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      })
      const answer = answers.shift() ?? { status: 200 }
      response.writeHead(answer.status, answer.headers).end()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    caught,
    answers,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
