import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { expect, it } from 'vitest'
import { freePorts } from '../../deploy/kafka/free-ports.ts'
import { makeAuthority } from '../support/certificates.ts'
import { liveCollector, sshdLine } from '../support/collector/live-collector.ts'

async function secured() {
  const place = await liveCollector()
  const authority = makeAuthority(place.folder)
  const server = authority.issue('collector')
  const [port = 0] = await freePorts(1)
  const collector = await place.start({
    sources: [
      {
        name: 'hosts',
        kind: 'syslog',
        format: 'sshd',
        port,
        tls: { cert_file: server.certFile, key_file: server.keyFile, client_ca_file: authority.caFile },
      },
    ],
  })
  const dial = async (client: { certFile: string; keyFile: string } | null): Promise<TLSSocket> => {
    for (let tries = 0; ; tries += 1) {
      const socket = connect({
        port,
        host: '127.0.0.1',
        ca: readFileSync(authority.caFile),
        ...(client && { cert: readFileSync(client.certFile), key: readFileSync(client.keyFile) }),
      })
      try {
        await once(socket, 'secureConnect')
        return socket
      } catch (error) {
        // The listener is opened after the start is told.
        if (tries > 500) throw error
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }
  return { place, collector, dial, client: authority.issue('host-1') }
}

it('takes RFC 5424 and RFC 3164 over TLS, counted and by line ends, from who has a certificate', async () => {
  const { place, dial, client } = await secured()
  const socket = await dial(client)
  const message = `<38>1 ${new Date().toISOString()} host-9 sshd 77 - - Failed password for mallory from 203.0.113.9 port 99 ssh2`
  socket.write(`${Buffer.byteLength(message)} ${message}`)
  const old = new Date()
    .toUTCString()
    .replace(
      /^\w+, 0?(\d+) (\w+) \d+ (\S+) GMT$/,
      (_, d: string, m: string, t: string) => `${m} ${d.padStart(2)} ${t}`,
    )
  socket.write(`<38>${old} host-8 sshd[5]: Accepted publickey for alice from 198.51.100.4 port 5 ssh2\n`)
  const decisions = await place.atLeast(2)
  expect(decisions.map(({ subject, outcome, resource }) => [subject.id, outcome, resource.id])).toEqual([
    ['mallory', 'deny', 'host-9'],
    ['alice', 'permit', 'host-8'],
  ])
  socket.destroy()
})

it('lets nobody in without a certificate, and counts it', async () => {
  const { place, dial, client } = await secured()
  const good = await dial(client)
  const bad = await dial(null)
  bad.on('error', () => {})
  bad.write(sshdLine('mallory', 1))
  await new Promise((resolve) => bad.once('close', resolve))
  good.write(sshdLine('alice', 2))
  expect((await place.atLeast(1)).map(({ subject }) => subject.id)).toEqual(['alice'])
  expect(await place.metrics.metrics()).toContain(
    'gatewatch_collector_refused_total{source="hosts",cause="unauthenticated"} 1',
  )
  good.destroy()
})
