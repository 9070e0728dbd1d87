import { html } from 'htm/preact'
import { plain } from '../format.js'
import { link } from '../route.js'

/** @typedef {{ type: string, id: string }} EntityRef */

/** @type {Readonly<Record<string, string>>} */
const kinds = { policy_rule: 'rule', source: 'network', pep: 'gateway' }

/** `user:alice` is shown as alice, a user. @param {EntityRef} entity @returns {{ kind: string, name: string }} */
export function nameOf({ type, id: raw }) {
  const id = plain(raw)
  const kind = kinds[type] ?? type
  const colon = id.indexOf(':')
  return type === 'subject' && colon > 0
    ? { kind: id.slice(0, colon), name: id.slice(colon + 1) }
    : { kind, name: id }
}

/** @param {{ entity: EntityRef, tenant: string, bare?: boolean }} props */
export function EntityLink({ entity, tenant, bare = false }) {
  const { kind, name } = nameOf(entity)
  return html`<a
    class="entity"
    href=${link(['entities', entity.type, entity.id], { tenant })}
    title=${`${kind} ${name}`}
  >
    ${!bare && html`<span class="kind">${kind}</span>`}${name}
  </a>`
}

/** The first few, and how many more. @param {{ entities: readonly EntityRef[], total?: number, tenant: string, most?: number }} props */
export function EntityList({ entities, total, tenant, most = 4 }) {
  const more = (total ?? entities.length) - Math.min(most, entities.length)
  return html`<span class="row">
    ${entities.slice(0, most).map((entity) => html`<${EntityLink} key=${`${entity.type}/${entity.id}`} entity=${entity} tenant=${tenant} />`)}
    ${more > 0 && html`<span class="muted">and ${more} more</span>`}
  </span>`
}
