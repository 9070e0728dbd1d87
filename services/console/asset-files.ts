import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Asset {
  readonly body: Buffer
  readonly type: string
  readonly etag: string
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Libraries of the page, served from where npm put them; index.html maps their names to these paths. */
const vendor: Readonly<Record<string, string>> = {
  'assets/vendor/preact.js': 'preact',
  'assets/vendor/preact-hooks.js': 'preact/hooks',
  'assets/vendor/htm.js': 'htm',
  'assets/vendor/htm-preact.js': 'htm/preact',
  'assets/vendor/uplot.js': 'uplot/dist/uPlot.esm.js',
  'assets/vendor/uplot.css': 'uplot/dist/uPlot.min.css',
  // Outlines of countries (Natural Earth, 1:110 million), for maps.
  'assets/vendor/countries.json': 'world-atlas/countries-110m.json',
}

/**
 * Every file of the page by its path, read once: what is not in this map can't
 * be asked for, whatever a path spells. `''` is the page itself.
 */
export async function readAssets(): Promise<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>()
  const page = join(import.meta.dirname, 'page')
  for (const entry of await readdir(page, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(page.length + 1).replaceAll('\\', '/')
    assets.set(name === 'index.html' ? '' : `assets/${name}`, await readAsset(path))
  }
  for (const [name, specifier] of Object.entries(vendor)) {
    assets.set(name, await readAsset(fileURLToPath(import.meta.resolve(specifier))))
  }
  return assets
}

async function readAsset(path: string): Promise<Asset> {
  const body = await readFile(path)
  const digest = createHash('sha256').update(body).digest('base64url').slice(0, 22)
  return { body, type: types[extname(path)] ?? 'application/octet-stream', etag: `"${digest}"` }
}

/**
 * The page's Content-Security-Policy: our own files only. The import map must
 * stand in the page itself, so it alone is let in by its hash. uPlot sets
 * styles by script, which the policy allows; style attributes stay forbidden.
 *
 * @see https://www.w3.org/TR/CSP3/
 */
export function contentSecurityPolicy(page: Asset): string {
  const map = /<script type="importmap">([^]*?)<\/script>/.exec(page.body.toString('utf8'))?.[1] ?? ''
  const hash = createHash('sha256').update(map).digest('base64')
  return [
    `default-src 'none'`,
    `script-src 'self' 'sha256-${hash}'`,
    `style-src 'self'`,
    `img-src 'self'`,
    `connect-src 'self'`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
    `require-trusted-types-for 'script'`,
    `trusted-types 'none'`,
  ].join('; ')
}
