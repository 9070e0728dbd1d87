import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'

const FILE = fileURLToPath(new URL('../../deploy/detectors.md', import.meta.url))

/** What to do about findings: the text that goes before, and a section a detector. */
export interface Runbooks {
  readonly head: string
  readonly sections: ReadonlyMap<string, string>
}

/** Reads deploy/detectors.md: a section begins with `## ` and the name of its detector. */
export async function readRunbooks(file = FILE): Promise<Runbooks> {
  const [head = '', ...sections] = (await readFile(file, 'utf8')).split(/^(?=## )/m)
  return {
    head,
    sections: new Map(sections.map((section) => [/^## (\S+)/.exec(section)?.[1] ?? '', section])),
  }
}

/**
 * Serves the section of a detector, with how every triage begins, as plain
 * text: it holds no data, so nobody needs to be signed in. A rule of the
 * operator's own has the section of rules.
 */
export function runbookRoute(app: FastifyInstance, { head, sections }: Runbooks): void {
  app.get<{ Params: { detector: string } }>('/runbooks/:detector', async (request, reply) => {
    const { detector } = request.params
    const section = sections.get(detector.startsWith('rule-') ? 'rules' : detector)
    if (section === undefined) return reply.callNotFound()
    return reply.type('text/plain; charset=utf-8').send(`${section}\n${head}`)
  })
}
