import { request } from 'undici'

/** A browser as far as signing in needs one: follows redirects, keeps cookies by host, asks for pages. */
export function testBrowser(resolve: (host: string) => string) {
  const jar = new Map<string, Map<string, string>>()

  async function visit(url: string, init: RequestInit & { follow?: boolean } = {}): Promise<Response> {
    let at = new URL(url)
    for (let hop = 0; hop < 12; hop += 1) {
      const cookies = [...(jar.get(at.host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')
      const target = new URL(at)
      target.host = resolve(at.host)
      const headers = new Headers(init.headers)
      headers.set('accept', 'text/html')
      headers.set('host', at.host)
      if (cookies !== '') headers.set('cookie', cookies)
      const response = await rawFetch(target, headers, init.method ?? 'GET')
      for (const line of response.headers.getSetCookie()) keep(at.host, line)
      const location = response.headers.get('location')
      if (init.follow === false || location === null) return response
      at = new URL(location, at)
    }
    throw new Error('too many redirects')
  }

  function keep(host: string, line: string): void {
    const [pair = ''] = line.split(';')
    const cookies = jar.get(host) ?? new Map<string, string>()
    const name = pair.slice(0, pair.indexOf('='))
    const value = pair.slice(pair.indexOf('=') + 1)
    if (/max-age=0|expires=Thu, 01 Jan 1970/i.test(line) || value === '') cookies.delete(name)
    else cookies.set(name, value)
    jar.set(host, cookies)
  }

  return { visit, cookies: (host: string) => jar.get(host) ?? new Map<string, string>() }
}

/** `fetch` overwrites the Host header, which names the application here; undici's request keeps it. */
async function rawFetch(url: URL, headers: Headers, method: string): Promise<Response> {
  const answer = await request(url, {
    method: method === 'POST' ? 'POST' : 'GET',
    headers: Object.fromEntries(headers),
  })
  const out = new Headers()
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const one of [value ?? []].flat()) out.append(name, one)
  }
  const body = await answer.body.text()
  return new Response(answer.statusCode === 204 || answer.statusCode === 304 ? null : body, {
    status: answer.statusCode,
    headers: out,
  })
}
