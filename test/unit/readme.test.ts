import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { topics } from '../../schemas/topics.ts'

const root = new URL('../../', import.meta.url)
const readme = readFileSync(new URL('README.md', root), 'utf8')

describe('README.md', () => {
  it('lists the topics of the catalogue, all and no other', () => {
    const rows = [...readme.matchAll(/^\| `([a-z.0-9-]+)` \| (.+) \|$/gm)].map((match) => match.slice(1, 3))
    const kept = (ms: number): string => `${ms / 86_400_000} d`
    expect(rows).toEqual(
      topics.map((topic) => [topic.name, topic.compacted ? 'newest of each key' : kept(topic.retention_ms)]),
    )
  })

  it('links to nothing that is not there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path ?? '')
    expect(links.length).toBeGreaterThan(10)
    expect(links.filter((path) => !existsSync(new URL(path, root)))).toEqual([])
  })

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
    for (const [, name] of readme.matchAll(/^npm (start|test)\b/gm))
      expect(scripts).toHaveProperty(name ?? '')
  })
})
