/** Cookies of one browser, by host name (RFC 6265: the port doesn't count). Lifetimes are left to the servers. */
export class CookieJar {
  readonly #byHost = new Map<string, Map<string, string>>()

  /** What to send to a host, empty when there is nothing. */
  header(hostname: string): string {
    return [...(this.#byHost.get(hostname) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** Takes the `Set-Cookie` headers of an answer. */
  store(hostname: string, headers: readonly string[]): void {
    for (const header of headers) {
      const [pair = '', ...attributes] = header.split(';')
      const at = pair.indexOf('=')
      if (at < 1) continue
      const cookies = this.#byHost.get(hostname) ?? new Map<string, string>()
      const name = pair.slice(0, at).trim()
      const value = pair.slice(at + 1).trim()
      if (value === '' || attributes.some((text) => /^\s*max-age=(0|-\d+)\s*$/i.test(text)))
        cookies.delete(name)
      else if (cookies.size < 50) cookies.set(name, value)
      this.#byHost.set(hostname, cookies)
    }
  }

  /** A copy: what a thief takes along. */
  copy(): CookieJar {
    const copy = new CookieJar()
    for (const [host, cookies] of this.#byHost) copy.#byHost.set(host, new Map(cookies))
    return copy
  }

  forget(hostname: string): void {
    this.#byHost.delete(hostname)
  }
}
