/** Where one broker listens and keeps its data. */
export interface BrokerPlan {
  readonly id: number
  readonly directory: string
  readonly host: string
  /** Plain text, for clients and the other brokers. */
  readonly port: number
  readonly controllerPort: number
  readonly secured?: SecuredListeners
}

/** Listeners with TLS, for trying what production will have. */
export interface SecuredListeners {
  /** TLS and SASL: PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly saslPort: number
  /** TLS, and a certificate of the client's is demanded. */
  readonly tlsPort: number
  /** PEM: the private key (PKCS 8), then its certificate. */
  readonly keystoreFile: string
  /** PEM: who may have signed a client's certificate. */
  readonly truststoreFile: string
  readonly users: readonly { readonly username: string; readonly password: string }[]
  /** What users may do follows from ACLs; whoever comes by the plain listener may do everything, brokers above all. */
  readonly authorizer?: boolean
}

/**
 * `server.properties` of one broker of a small cluster, controller included.
 * What differs from Kafka's defaults, and why:
 * replication follows the number of brokers, so that one alone can run
 * transactions; few partitions for the inner topics, a quick start; no delay
 * before a group's first rebalance; no topic appears by being mentioned
 * (`gatewatch topics --create` makes them).
 */
export function brokerProperties(plan: BrokerPlan, all: readonly BrokerPlan[]): string {
  const { host, secured } = plan
  const replicas = Math.min(3, all.length)
  const listeners = [`PLAINTEXT://${host}:${plan.port}`]
  if (secured) listeners.push(`SASL_SSL://${host}:${secured.saslPort}`, `SSL://${host}:${secured.tlsPort}`)
  return lines({
    'process.roles': 'broker,controller',
    'node.id': plan.id,
    'controller.quorum.voters': all.map((one) => `${one.id}@${one.host}:${one.controllerPort}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners: [...listeners, `CONTROLLER://${host}:${plan.controllerPort}`].join(','),
    'advertised.listeners': listeners.join(','),
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL',
    'log.dirs': `${plan.directory}/data`,
    'auto.create.topics.enable': false,
    'default.replication.factor': replicas,
    'min.insync.replicas': replicas > 1 ? 2 : 1,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': replicas > 1 ? 2 : 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': replicas > 1 ? 2 : 1,
    // A transaction that follows the last one while its markers are still being written is held by the broker and looked
    // at again after this. The default, 20 ms, is longer than the whole transaction takes here.
    'add.partitions.to.txn.retry.backoff.ms': 1,
    // Enough for two cores: the defaults (8, 3 and 4) only make more threads wake up for each small request.
    'num.io.threads': 3,
    'num.network.threads': 2,
    'group.coordinator.threads': 1,
    'group.initial.rebalance.delay.ms': 0,
    // So that tests can notice a killed member within seconds.
    'group.min.session.timeout.ms': 1000,
    // A killed broker is noticed in three seconds instead of nine.
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    ...(secured ? securedProperties(secured) : {}),
  })
}

function securedProperties(secured: SecuredListeners): Record<string, string | number | boolean> {
  const users = secured.users.map(({ username, password }) => `user_${username}="${password}"`).join(' ')
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  return {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': secured.keystoreFile,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': secured.truststoreFile,
    'listener.name.ssl.ssl.client.auth': 'required',
    'listener.name.sasl_ssl.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${users};`,
    'listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config': scram,
    'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config': scram,
    ...(secured.authorizer === true
      ? {
          'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
          'super.users': 'User:ANONYMOUS',
        }
      : {}),
  }
}

function lines(properties: Record<string, string | number | boolean>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
