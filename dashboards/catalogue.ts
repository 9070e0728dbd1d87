import { createHash } from 'node:crypto'
import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard'
import { completeness } from './completeness.ts'
import { detectors } from './detectors.ts'
import { filtered } from './filters.ts'
import { gateways } from './gateways.ts'
import { overview } from './overview.ts'
import { pipeline } from './pipeline.ts'
import { policy } from './policy.ts'
import { resource } from './resource.ts'
import { session } from './session.ts'
import { source } from './source.ts'
import { withoutStrays } from './strays.ts'
import { subject } from './subject.ts'

/** Every dashboard there is, built. */
export function dashboards(): Dashboard[] {
  const builders = [
    overview(),
    subject(),
    source(),
    session(),
    resource(),
    detectors(),
    policy(),
    gateways(),
    pipeline(),
    completeness(),
  ]
  return builders.map((builder) => filtered(withIds(withoutStrays(builder.build()))))
}

/** A dashboard's file under deploy/grafana/dashboards, by its uid. */
export function fileOf(dashboard: Dashboard): { readonly name: string; readonly text: string } {
  return { name: `${dashboard.uid}.json`, text: `${JSON.stringify(dashboard, null, 2)}\n` }
}

/** A link to a panel names its id, so the id follows from the title and not from the place on the page. */
function withIds(dashboard: Dashboard): Dashboard {
  const numbered = <T extends Panel | RowPanel>(panel: T): T => {
    const digest = createHash('sha256')
      .update(`${panel.type}/${panel.title ?? ''}`)
      .digest()
    return { ...panel, id: (digest.readUInt32BE() % 999_999) + 1 }
  }
  return { ...dashboard, panels: (dashboard.panels ?? []).map(numbered) }
}
