import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../../../services/policy/compile.ts'
import { matchRoute } from '../../../services/policy/match.ts'
import { canonicalPath } from '../../../services/policy/path.ts'

function policyOf(routes: readonly (readonly [id: string, path: string, methods?: string])[]) {
  const text = `version: 1\npolicy: p\nroutes:\n${routes
    .map(
      ([id, path, methods = '[]']) => `  - id: ${id}
    host: App.example
    path: "${path}"
    methods: ${methods}
    upstream: http://127.0.0.1:9000
    app: app
    rules: [{ id: all, when: 'true', outcome: permit }]
`,
    )
    .join('')}`
  const { policy, problems } = compilePolicy(text, 'p.yaml')
  if (!policy) throw new Error(JSON.stringify(problems))
  return policy
}

const policy = policyOf([
  ['rest', '/**'],
  ['records', '/records/{id}', '[GET]'],
  ['write', '/records/{id}', '[PUT, DELETE]'],
  ['new', '/records/new'],
  ['teams', '/teams/{id}/**'],
  ['members', '/teams/{id}/members/{who}'],
  ['others', '/other/{id}', '[GET]'],
  ['root', '/'],
])

function routeOf(method: string, target: string, host = 'app.example'): string | null {
  const match = matchRoute(policy, host, method, canonicalPath(target)?.segments ?? [])
  return match === null ? null : `${match.route.route.id} ${JSON.stringify(match.vars)}`
}

describe('match', () => {
  it.each([
    ['GET', '/records/17', 'records {"id":"17"}'],
    ['HEAD', '/records/17', 'records {"id":"17"}'],
    ['GET', '/records/17/', 'records {"id":"17"}'],
    ['PUT', '/records/17', 'write {"id":"17"}'],
    ['GET', '/records/new', 'new {}'],
    ['POST', '/records/new', 'new {}'],
    ['GET', '/records/17/x', 'rest {}'],
    ['GET', '/teams/red', 'teams {"id":"red"}'],
    ['GET', '/teams/red/members/alice', 'members {"id":"red","who":"alice"}'],
    ['GET', '/teams/red/members', 'teams {"id":"red"}'],
    ['GET', '/', 'root {}'],
    ['GET', '/a%20b', 'rest {}'],
    ['GET', '/other/1', 'others {"id":"1"}'],
  ])('%s %s takes the most specific route', (method, target, expected) => {
    expect(routeOf(method, target)).toBe(expected)
  })

  it('does not fall back to a wider route for a method that the narrow one refuses', () => {
    expect(routeOf('POST', '/records/17')).toBeNull()
    expect(routeOf('POST', '/other/1')).toBeNull()
  })

  it('knows no other host', () => {
    expect(routeOf('GET', '/', 'other.example')).toBeNull()
  })

  it('always prefers a literal over a variable, in whatever order the file has them', () => {
    const paths = ['/a/b', '/a/{x}', '/{y}/b', '/{y}/{x}', '/a/**', '/**']
    fc.assert(
      fc.property(fc.shuffledSubarray(paths, { minLength: paths.length }), (shuffled) => {
        const some = policyOf(shuffled.map((path, index) => [`r${index}`, path]))
        const pathOf = (target: string) =>
          matchRoute(some, 'app.example', 'GET', canonicalPath(target)?.segments ?? [])?.route.template.text
        expect(pathOf('/a/b')).toBe('/a/b')
        expect(pathOf('/a/c')).toBe('/a/{x}')
        expect(pathOf('/c/b')).toBe('/{y}/b')
        expect(pathOf('/c/c')).toBe('/{y}/{x}')
        expect(pathOf('/a')).toBe('/a/**')
        expect(pathOf('/a/b/c')).toBe('/a/**')
        expect(pathOf('/c')).toBe('/**')
      }),
    )
  })
})
