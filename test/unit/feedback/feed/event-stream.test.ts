import { createServer, get, type ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { EventStream, formatEvent } from '../../../../services/feedback/feed/event-stream.ts'
import { parsePosition } from '../../../../services/feedback/feed/position.ts'
import { eventually } from '../../../support/eventually.ts'

describe('event stream', () => {
  it('writes an event as the standard has it', () => {
    expect(formatEvent('risk', '{"a":1}', '3.4')).toBe('id: 3.4\nevent: risk\ndata: {"a":1}\n\n')
  })

  it('cuts a reader off that reads nothing, and holds no more for it than the limit and one event', async () => {
    let response: ServerResponse | undefined
    const server = createServer((_request, answer) => {
      answer.writeHead(200).flushHeaders()
      response = answer
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    get({ port, host: '127.0.0.1' }, (incoming) => incoming.pause()).on('error', () => undefined)
    const answer = await eventually('a reader', () => response)

    let slow = 0
    let most = 0
    const stream = new EventStream(answer, 100_000, () => {
      slow += 1
    })
    const event = formatEvent('risk', JSON.stringify('x'.repeat(1000)))
    for (let sent = 0; sent < 200_000 && stream.open; sent++) {
      stream.send(event)
      most = Math.max(most, answer.writableLength)
      if (sent % 100 === 0)
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
    }
    expect(slow).toBe(1)
    expect(stream.open).toBe(false)
    expect(most).toBeLessThan(100_000 + 3000)
    server.closeAllConnections()
    server.close()
  })
})

describe('position', () => {
  it('is taken only when it can be a place of this topic', () => {
    expect(parsePosition('3.4', [5, 4])).toEqual([3, 4])
    expect(parsePosition('6.4', [5, 4])).toBeNull()
    expect(parsePosition('3', [5, 4])).toBeNull()
    expect(parsePosition('3.x', [5, 4])).toBeNull()
  })
})
