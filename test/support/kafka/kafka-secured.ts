import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeAuthority } from '../certificates.ts'
import { startBrokers } from './kafka-broker.ts'
import { freePorts } from '../../../deploy/kafka/free-ports.ts'

/** A broker with TLS listeners, and the files that a client needs to be let in. */
export interface SecuredBroker {
  /** Plain text. */
  readonly plain: string
  /** TLS, and a user: PLAIN and SCRAM. */
  readonly sasl: string
  /** TLS, and a client's certificate. */
  readonly tls: string
  readonly caFile: string
  /** An authority that did not sign the broker's certificate. */
  readonly otherCaFile: string
  readonly client: { readonly cert_file: string; readonly key_file: string }
  readonly username: string
  readonly passwordFile: string
  readonly wrongPasswordFile: string
  dispose(): Promise<void>
}

export interface SecuredOptions {
  /** Further users, with the same password. */
  readonly users?: readonly string[]
  /** Users may do what ACLs say; by the plain listener everything is allowed. */
  readonly authorizer?: boolean
}

export async function startSecuredBroker({
  users = [],
  authorizer = false,
}: SecuredOptions = {}): Promise<SecuredBroker> {
  const directory = await mkdtemp(join(tmpdir(), 'gatewatch-kafka-tls-'))
  const authority = makeAuthority(directory)
  const other = makeAuthority(directory, 'other')
  const { keystoreFile } = authority.issue('broker')
  const client = authority.issue('client')
  const [saslPort = 0, tlsPort = 0] = await freePorts(2)
  const [username, password] = ['gateway-1', 'a password for one test']
  const passwordFile = join(directory, 'password')
  const wrongPasswordFile = join(directory, 'wrong-password')
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  await writeFile(wrongPasswordFile, 'not the password\n', { mode: 0o600 })
  const brokers = await startBrokers({
    change: (plan) => ({
      ...plan,
      secured: {
        saslPort,
        tlsPort,
        keystoreFile,
        truststoreFile: authority.caFile,
        users: [username, ...users].map((one) => ({ username: one, password })),
        authorizer,
      },
    }),
  })
  return {
    plain: brokers.brokers[0] ?? '',
    sasl: `127.0.0.1:${saslPort}`,
    tls: `127.0.0.1:${tlsPort}`,
    caFile: authority.caFile,
    otherCaFile: other.caFile,
    client: { cert_file: client.certFile, key_file: client.keyFile },
    username,
    passwordFile,
    wrongPasswordFile,
    async dispose() {
      await brokers.dispose()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
