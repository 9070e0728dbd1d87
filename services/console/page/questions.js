/** Every question that the page asks the API, with the type of its answer. */

/** @typedef {import('../../../schemas/story.ts').Story} Story */
/** @typedef {import('../../../schemas/finding.ts').Finding} Finding */
/** @typedef {import('../decision-row.ts').DecisionSummary} DecisionSummary */
/** @typedef {import('../explanation.ts').Explanation} Explanation */
/** @typedef {import('../findings/explain-finding.ts').FindingAccount} FindingAccount */
/** @typedef {import('../timeline.ts').Timeline} Timeline */
/** @typedef {import('../dashboards/public-definition.ts').PublicDefinition} Dashboard */
/** @typedef {import('../dashboards/ask-panel.ts').PanelAnswer} PanelAnswer */
/** @typedef {import('../queries/saved-query.ts').SavedQuery} SavedQuery */
/** @typedef {import('../queries/run-query.ts').QueryAnswer} QueryAnswer */
/** @typedef {Record<string, string | number | undefined | null | string[]>} Query */
/** @typedef {{ from: number, to: number, 'var-tenant': string } & Query} PanelQuery a range, and a value for each variable */

/**
 * @template T
 * @typedef {{ path: string, query: Query, answer?: T }} Question `answer` is never there: it carries the type
 */

/** @returns {Question<{ tenants: string[] }>} */
export const tenants = () => ({ path: 'tenants', query: {} })

/** @param {Query} query @returns {Question<{ decisions: DecisionSummary[] }>} */
export const decisions = (query) => ({ path: 'decisions', query })

/** @param {string} id @returns {Question<Explanation>} */
export const decision = (id) => ({ path: `decisions/${encodeURIComponent(id)}`, query: {} })

/** @param {Query} query @returns {Question<{ stories: Story[] }>} */
export const stories = (query) => ({ path: 'stories', query })

/** @param {string} id @param {string} tenant @returns {Question<Story & { findings: Finding[] }>} */
export const story = (id, tenant) => ({ path: `stories/${encodeURIComponent(id)}`, query: { tenant } })

/** @param {string} id @param {string} tenant @returns {Question<FindingAccount>} */
export const finding = (id, tenant) => ({
  path: `findings/${encodeURIComponent(id)}/account`,
  query: { tenant },
})

/** @param {string} type @param {string} id @param {Query} query @returns {Question<Timeline>} */
export const timeline = (type, id, query) => ({
  path: `entities/${encodeURIComponent(type)}/${encodeURIComponent(id)}/timeline`,
  query,
})

/** @returns {Question<{ dashboards: { uid: string, title: string, description: string }[] }>} */
export const dashboards = () => ({ path: 'dashboards', query: {} })

/** @param {string} uid @returns {Question<Dashboard>} */
export const dashboard = (uid) => ({ path: `dashboards/${encodeURIComponent(uid)}`, query: {} })

/** @param {string} uid @param {number} id @param {Query} query @returns {Question<PanelAnswer>} */
export const panel = (uid, id, query) => ({
  path: `dashboards/${encodeURIComponent(uid)}/panels/${id}`,
  query,
})

/** @param {string} uid @param {Query} query @returns {Question<{ happenings: import('../dashboards/ask-annotations.ts').Happening[] }>} */
export const annotations = (uid, query) => ({
  path: `dashboards/${encodeURIComponent(uid)}/annotations`,
  query,
})

/** @param {string} uid @param {string} name @param {Query} query @returns {Question<{ values: string[] }>} */
export const variableValues = (uid, name, query) => ({
  path: `dashboards/${encodeURIComponent(uid)}/variables/${encodeURIComponent(name)}`,
  query,
})

/** @param {string} uid @returns {Question<{ values: string[] }>} */
export const filterColumns = (uid) => ({ path: `dashboards/${encodeURIComponent(uid)}/columns`, query: {} })

/** @param {string} uid @param {string} column @param {Query} query @returns {Question<{ values: string[] }>} */
export const columnValues = (uid, column, query) => ({
  path: `dashboards/${encodeURIComponent(uid)}/columns/${encodeURIComponent(column)}`,
  query,
})

/** @returns {Question<{ queries: SavedQuery[], problems: string[] }>} */
export const queries = () => ({ path: 'queries', query: {} })

/** @param {string} name @param {Query} values @returns {Question<QueryAnswer>} */
export const answer = (name, values) => ({ path: `queries/${encodeURIComponent(name)}/rows`, query: values })

/** @param {Query} query @returns {Question<import('../policy/routes.ts').PolicyUsageAnswer>} */
export const policyUsage = (query) => ({ path: 'policy-usage', query })
