import { GatewatchError } from '../../errors.ts'
import type { KafkaConfig } from './config.ts'

/** Node's codes for a certificate that is not believed. */
const DISTRUST =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_CERT_\w+)$/
/** TLS spoken to a listener without it, or the reverse. */
const NO_TLS = /^(EPROTO|ERR_SSL_\w+)$/

/** A fault of kafkajs as one sentence that names the remedy; `retriable` where the same call may succeed later. */
export function kafkaFault(error: unknown, { brokers, ssl, sasl }: KafkaConfig): GatewatchError {
  if (error instanceof GatewatchError) return error
  const chain = causes(error)
  const refused = (sentence: string): GatewatchError =>
    new GatewatchError('ERR_CONFIG_INVALID', sentence, { cause: error })
  const codes = chain.map((one) => ('code' in one ? String(one.code) : ''))

  if (chain.some(({ name }) => name === 'KafkaJSSASLAuthenticationError'))
    return refused(
      sasl
        ? `Kafka refused the user of kafka.sasl (${sasl.mechanism}); correct username, password or mechanism.`
        : 'Kafka asks for a user; set kafka.sasl.',
    )
  if (codes.some((code) => DISTRUST.test(code)))
    return refused(
      `The certificate of the Kafka brokers is not trusted (${codes.find((code) => DISTRUST.test(code))}); set kafka.ssl.ca_file to the authority that signed it.`,
    )
  if (codes.some((code) => NO_TLS.test(code)))
    return refused(
      ssl === false
        ? 'Kafka ended the connection; set kafka.ssl if its listener speaks TLS.'
        : "The Kafka brokers don't speak TLS at this address, or refused our certificate; correct kafka.brokers, kafka.ssl.cert_file, or set kafka.ssl to false.",
    )
  const type = chain.map((one) => ('type' in one ? String(one.type) : '')).find((one) => one !== '')
  if (type === 'ILLEGAL_SASL_STATE')
    return refused(
      'This listener of Kafka asks for no user; remove kafka.sasl, or name its SASL port in kafka.brokers.',
    )
  if (type?.endsWith('AUTHORIZATION_FAILED'))
    return refused(
      `Kafka does not allow it (${type}); grant the user of kafka.sasl the right, or use another.`,
    )
  const text = error instanceof Error ? error.message : String(error)
  // A listener that misses our certificate says so after the handshake, which kafkajs takes for a lost connection.
  const tls = ssl !== false && ssl.cert_file === undefined ? 'kafka.ssl.cert_file' : 'kafka.ssl'
  return new GatewatchError(
    'ERR_LOG_UNREACHABLE',
    `Kafka can't be reached at ${brokers.join(', ')} (${text}); start it, or correct kafka.brokers, ${tls} or kafka.sasl.`,
    { retriable: true, cause: error },
  )
}

/** An error and what caused it, at most eight deep. kafkajs keeps causes under three names. */
function causes(error: unknown): Error[] {
  const chain: Error[] = []
  for (let next: unknown = error; next instanceof Error && chain.length < 8 && !chain.includes(next);) {
    chain.push(next)
    const { cause, originalError, errors }: { cause?: unknown; originalError?: unknown; errors?: unknown } =
      next
    next = cause ?? originalError ?? (Array.isArray(errors) ? errors[0] : undefined)
  }
  return chain
}
