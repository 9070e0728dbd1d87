import { readFileSync } from 'node:fs'
import { credentials, status } from '@grpc/grpc-js'
import { expect, it, onTestFinished } from 'vitest'
import { freePorts } from '../../deploy/kafka/free-ports.ts'
import { alsClient } from '../support/collector/als-client.ts'
import { makeAuthority } from '../support/certificates.ts'
import { liveCollector } from '../support/collector/live-collector.ts'

async function started(more: (folder: string) => object = () => ({})) {
  const place = await liveCollector()
  const [port = 0] = await freePorts(1)
  const collector = await place.start({
    sources: [{ name: 'mesh', kind: 'grpc-als', port, ...more(place.folder) }],
  })
  return { place, port, collector }
}

const entry = (path: string, code: number, more: object = {}) => ({
  protocol_version: 'HTTP2',
  common_properties: {
    start_time: { seconds: String(Math.floor(Date.now() / 1000)), nanos: 123_456_789 },
    duration: { seconds: '0', nanos: 2_500_000 },
    downstream_remote_address: { socket_address: { address: '203.0.113.5', port_value: 4711 } },
    metadata: {
      filter_metadata: {
        'envoy.filters.http.jwt_authn': {
          fields: { payload: { structValue: { fields: { sub: { stringValue: 'mallory' } } } } },
        },
      },
    },
    ...more,
  },
  request: { request_method: 'GET', authority: 'wiki.example.com', path, user_agent: 'curl/8' },
  response: { response_code: { value: code }, response_body_bytes: '17' },
})
const message = (...log_entry: object[]) => ({ http_logs: { log_entry } })

it("takes Envoy's streams, entry by entry, with who it was and what became of it", async () => {
  const { place, port } = await started()
  const client = alsClient(port)
  onTestFinished(() => client.close())
  const stream = client.stream()
  stream.write({ identifier: { node: { id: 'n' }, log_name: 'edge' }, ...message(entry('/a', 200)) })
  const denied = { response_flags: { unauthorized_details: { reason: 'EXTERNAL_SERVICE' } } }
  stream.write(message(entry('/b?q=1', 403, denied), entry('/c', 200, { start_time: undefined })))
  stream.write({ tcp_logs: {} })
  stream.write(message(entry('/d', 200, { intermediate_log_entry: true })))
  stream.write(message(entry('/d', 200, { access_log_type: 'DownstreamStart' })))
  stream.end()
  expect(await stream.ended).toBe(status.OK)
  // Answered means that all of it is durable.
  const decisions = await place.decisions()
  expect(
    decisions.map(({ outcome, subject, resource, context }) => [
      outcome,
      subject.id,
      resource.id,
      context?.ip,
    ]),
  ).toEqual([
    ['permit', 'mallory', '/a', '203.0.113.5'],
    ['deny', 'mallory', '/b', '203.0.113.5'],
  ])
  expect(decisions[0]?.context?.http).toMatchObject({ status: 200, bytes_out: 17 })
  expect(decisions[0]?.decided_at).toMatch(/\.123Z$/)
  expect((await place.deadLetters()).map(({ headers }) => headers['reason'])).toEqual(['no_timestamp'])
})

it('takes a message of many entries in parts, all of it, and refuses one that is larger than a megabyte', async () => {
  const { place, port } = await started()
  const client = alsClient(port)
  onTestFinished(() => client.close())
  const many = client.stream()
  many.write(message(...Array.from({ length: 2500 }, (_, nth) => entry(`/${nth}/x`, 200))))
  const large = client.stream()
  large.write(message(entry('/'.repeat(1_100_000), 200)))
  expect(await large.ended).toBe(status.RESOURCE_EXHAUSTED)
  many.end()
  expect(await many.ended).toBe(status.OK)
  const paths = (await place.decisions()).map(({ resource }) => resource.id)
  expect(paths).toEqual(Array.from({ length: 2500 }, (_, nth) => `/${nth}/x`))
})

it('refuses streams of another name, and clients without a certificate', async () => {
  const named = await started(() => ({ log_name: 'edge' }))
  const client = alsClient(named.port)
  onTestFinished(() => client.close())
  const stream = client.stream()
  stream.write({ identifier: { log_name: 'other' }, ...message(entry('/a', 200)) })
  expect(await stream.ended).toBe(status.PERMISSION_DENIED)
  expect(await named.place.decisions()).toEqual([])

  let ca = ''
  let certificate = { certFile: '', keyFile: '' }
  const { place, port } = await started((folder) => {
    const authority = makeAuthority(folder)
    const server = authority.issue('collector')
    certificate = authority.issue('envoy')
    ca = authority.caFile
    return { tls: { cert_file: server.certFile, key_file: server.keyFile, client_ca_file: ca } }
  })
  const stranger = alsClient(port, credentials.createSsl(readFileSync(ca)))
  const known = alsClient(
    port,
    credentials.createSsl(
      readFileSync(ca),
      readFileSync(certificate.keyFile),
      readFileSync(certificate.certFile),
    ),
  )
  onTestFinished(() => {
    stranger.close()
    known.close()
  })
  const refused = stranger.stream()
  refused.write(message(entry('/stranger', 200)))
  expect(await refused.ended).toBe(status.UNAVAILABLE)
  const taken = known.stream()
  taken.write(message(entry('/known', 200)))
  taken.end()
  expect(await taken.ended).toBe(status.OK)
  expect((await place.decisions()).map(({ resource }) => resource.id)).toEqual(['/known'])
})
