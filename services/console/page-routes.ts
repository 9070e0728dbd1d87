import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Asset, contentSecurityPolicy } from './asset-files.ts'

/** An opened page asks for every one of its files, which must not use up what its questions may ask. */
const OF_THEIR_OWN = { config: { rateLimit: { max: 12_000, timeWindow: 60_000 } } }

/** Serves the page and its files. They hold no data, so nobody needs to be signed in for them. */
export function pageRoutes(app: FastifyInstance, assets: ReadonlyMap<string, Asset>): void {
  const page = assets.get('')
  if (!page) throw new Error('index.html is missing among the files of the page')
  const policy = contentSecurityPolicy(page)

  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    })
  })

  app.get('/', async (request, reply) => {
    reply.headers({
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    })
    return send(request, reply, page)
  })

  // The page's views are behind a hash, which a typed address lacks.
  app.get('/dashboards', async (_request, reply) => reply.redirect('./#/dashboards'))

  app.get<{ Params: { '*': string } }>('/assets/*', OF_THEIR_OWN, async (request, reply) => {
    const asset = assets.get(`assets/${request.params['*']}`)
    return asset ? send(request, reply, asset) : reply.callNotFound()
  })
}

/** Files are asked for anew each time and mostly answered with 304, so an upgrade shows at once. */
function send(request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply {
  void reply.headers({ 'cache-control': 'no-cache', etag: asset.etag })
  if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send()
  return reply.type(asset.type).send(asset.body)
}
