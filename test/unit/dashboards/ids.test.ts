import { expect, it } from 'vitest'
import { panels } from '../../support/dashboards/questions.ts'

it('ids are what they were: links, alerts and exports name them', async () => {
  const lines = panels.map(({ uid, panel }) => `${uid} ${panel.id} ${panel.title}`).sort()
  expect(new Set(panels.map(({ uid, panel }) => `${uid}/${panel.id}`)).size).toBe(panels.length)
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('ids.txt')
})
