import type { Dashboard, Panel, RowPanel, VariableModel } from '@grafana/grafana-foundation-sdk/dashboard'

/**
 * Takes out what the SDK writes as a default and Grafana's schema does not
 * have: the steps of interval variables on variables of every kind, and the
 * footer that tables had before it became an option of fields.
 */
export function withoutStrays(dashboard: Dashboard): Dashboard {
  const { templating, panels = [] } = dashboard
  return {
    ...dashboard,
    ...(templating?.list && { templating: { ...templating, list: templating.list.map(ofItsKind) } }),
    panels: panels.map(withoutFooter),
  }
}

function ofItsKind(variable: VariableModel): VariableModel {
  const { auto: _auto, auto_min: _min, auto_count: _count, ...rest } = variable
  return rest
}

function withoutFooter<T extends Panel | RowPanel>(panel: T): T {
  if (panel.type !== 'table' || !('options' in panel)) return panel
  const { footer: _footer, ...options } = panel.options ?? {}
  return { ...panel, options }
}
