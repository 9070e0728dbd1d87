import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** An authority made for one test, and what it signs. */
export interface TestAuthority {
  readonly caFile: string
  /** A certificate for 127.0.0.1 and localhost; `keystoreFile` holds key and certificate together, for Java. */
  issue(subject: string): {
    readonly certFile: string
    readonly keyFile: string
    readonly keystoreFile: string
  }
}

/** Makes an authority with openssl; its files go below `directory`. */
export function makeAuthority(directory: string, name = 'ca'): TestAuthority {
  const file = (suffix: string): string => join(directory, `${name}${suffix}`)
  const openssl = (words: string, ...rest: string[]): Buffer =>
    execFileSync('openssl', [...words.split(' '), ...rest], { stdio: 'pipe' })
  const curve = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -batch'
  openssl(
    `req -x509 ${curve} -days 2`,
    '-subj',
    `/CN=Gatewatch test ${name}`,
    '-keyout',
    file('.key'),
    '-out',
    file('.pem'),
  )
  writeFileSync(file('.ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  return {
    caFile: file('.pem'),
    issue(subject) {
      const certFile = file(`-${subject}.pem`)
      const keyFile = file(`-${subject}.key`)
      const keystoreFile = file(`-${subject}.keystore.pem`)
      const request = file(`-${subject}.csr`)
      openssl(`req ${curve}`, '-subj', `/CN=${subject}`, '-keyout', keyFile, '-out', request)
      const signer = ['-CA', file('.pem'), '-CAkey', file('.key'), '-extfile', file('.ext')]
      openssl('x509 -req -days 2 -CAcreateserial', '-in', request, ...signer, '-out', certFile)
      writeFileSync(
        keystoreFile,
        Buffer.concat([openssl('pkcs8 -topk8 -nocrypt', '-in', keyFile), readFileSync(certFile)]),
      )
      return { certFile, keyFile, keystoreFile }
    },
  }
}
