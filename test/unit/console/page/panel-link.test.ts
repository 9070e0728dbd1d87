import { describe, expect, it } from 'vitest'
import { toResource, toSource, toStory } from '../../../../dashboards/links.ts'
import { panelLink } from '../../../../services/console/page/panel-link.js'

const query = { from: 1000, to: 2000, 'var-tenant': 'acme & co' }

describe('a link of a definition in the console', () => {
  it('leads to the dashboard here, with value, tenant and range', () => {
    expect(
      panelLink(toSource.url('__data.fields.network'), [{ name: 'network' }], ['192.0.2.0/24'], query),
    ).toBe('#/dashboards/gatewatch-source?var-source=192.0.2.0%2F24&tenant=acme%20%26%20co&from=1000&to=2000')
  })

  it('leads to the console itself where Grafana would be sent there', () => {
    expect(panelLink(toStory.url('__data.fields.id'), [{ name: 'id' }], ['s-1'], query)).toBe(
      '#/stories/s-1?tenant=acme%20%26%20co',
    )
  })

  it('of a line leads to what its label names', () => {
    const link = panelLink(toResource.url('__field.labels.application'), [{ name: 'line' }], ['a b'], query)
    expect(link).toMatch(/^#\/dashboards\/gatewatch-resource\?var-app=a%20b&tenant=/)
  })

  it('keeps a hostile value a value', () => {
    const link = panelLink(
      toSource.url('__data.fields.network'),
      [{ name: 'network' }],
      ['x"&tenant=other#/$&'],
      query,
    )
    expect(link).toContain('var-source=x%22%26tenant%3Dother%23%2F%24%26&tenant=acme')
  })
})
