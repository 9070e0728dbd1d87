import { DashboardBuilder, DashboardCursorSync } from '@grafana/grafana-foundation-sdk/dashboard'
import { linksFrom } from './panels.ts'
import { tenantVariable } from './variables.ts'

export interface Board {
  /** After `gatewatch-`. Never changed: links and exports name it. */
  readonly name: string
  readonly title: string
  readonly description: string
  /** What a range begins with, as Grafana writes it. */
  readonly from: string
  /** How often a watched dashboard asks again; absent for one that is read. */
  readonly refresh?: string
}

/** What all dashboards have in common: the tenant first, one crosshair over all panels, links to the others. */
export function board({ name, title, description, from, refresh }: Board): DashboardBuilder {
  const uid = `gatewatch-${name}`
  const builder = new DashboardBuilder(`Gatewatch: ${title}`)
    .uid(uid)
    .description(description)
    .tags(['gatewatch'])
    .time({ from, to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .links(linksFrom(uid))
    .withVariable(tenantVariable())
  return refresh === undefined ? builder : builder.refresh(refresh)
}
