import { html } from 'htm/preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { namedColour } from '../colours.js'
import { fieldOf, record, typeName } from '../dashboards/field.js'
import { placesOf } from '../dashboards/places.js'
import { shownValue } from '../dashboards/shown-value.js'
import { fit, outlines, zoomed } from '../dashboards/world.js'
import { momentText, words } from '../format.js'

/** @typedef {import('../dashboards/world.js').View} View */
/** @typedef {import('../dashboards/places.js').Place} Place */

/** @type {Promise<string> | undefined} */
let world

/** Outlines of countries, asked for once. */
function worldPath() {
  world ??= fetch('assets/vendor/countries.json')
    .then(async (response) => outlines(await response.json()))
    .catch((error) => {
      world = undefined
      throw error
    })
  return world
}

/** Places on a map of the world, as large as their figures. @param {{ panel: import('../dashboards/field.js').Panel, frame: import('../../dashboards/ask-panel.ts').Frame, height: number }} props */
export function WorldMap({ panel, frame, height }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null))
  const [path, setPath] = useState('')
  const [width, setWidth] = useState(0)
  const [chosen, setChosen] = useState(/** @returns {Place | undefined} */ () => undefined)
  const places = useMemo(() => placesOf(panel, frame), [panel, frame])
  const whole = useMemo(() => (width > 0 ? fit(places, width / height) : undefined), [places, width, height])
  const [moved, setMoved] = useState(/** @returns {View | undefined} */ () => undefined)
  const view = moved ?? whole

  useEffect(() => {
    let there = true
    worldPath().then(
      (found) => there && setPath(found),
      () => undefined,
    )
    return () => {
      there = false
    }
  }, [])
  useEffect(() => {
    const node = box.current
    if (!node) return undefined
    const watcher = new ResizeObserver(() => {
      setWidth(node.clientWidth)
      setMoved(undefined)
    })
    watcher.observe(node)
    return () => watcher.disconnect()
  }, [])
  useEffect(() => {
    setMoved(undefined)
    setChosen(undefined)
  }, [places])

  const change = (/** @type {(view: View) => View} */ by) => view && setMoved(by(view))
  const pan = (/** @type {number} */ dx, /** @type {number} */ dy) =>
    change(({ x, y, w, h }) => ({ x: x + dx * w, y: y + dy * h, w, h }))

  /** @param {KeyboardEvent} event */
  function onKeyDown(event) {
    const act = {
      ArrowLeft: () => pan(-0.15, 0),
      ArrowRight: () => pan(0.15, 0),
      ArrowUp: () => pan(0, -0.15),
      ArrowDown: () => pan(0, 0.15),
      '+': () => change((v) => zoomed(v, 0.6)),
      '-': () => change((v) => zoomed(v, 1 / 0.6)),
    }[event.key]
    if (!act) return
    event.preventDefault()
    act()
  }

  const px = view ? view.w / Math.max(1, width) : 1
  return html`<div
    class="map"
    ref=${box}
    tabindex="0"
    role="group"
    aria-label=${`${panel.title}: a map with ${places.length} places. Arrow keys move it, plus and minus zoom; the button Table shows its figures.`}
    onKeyDown=${onKeyDown}
    onPointerDown=${(/** @type {PointerEvent} */ event) => drag(event, (dx, dy) => pan(-dx / width, -dy / height))}
  >
    ${
      view &&
      html`<svg
        width=${width}
        height=${height}
        viewBox=${`${view.x} ${view.y} ${view.w} ${view.h}`}
        preserveAspectRatio="none"
        onDblClick=${() => change((v) => zoomed(v, 0.5))}
      >
        <path class="land" d=${path} />
        ${places.map(
          (place, i) =>
            html`<circle
              key=${i}
              class="place"
              data-chosen=${place === chosen}
              tabindex="0"
              role="img"
              aria-label=${place.name}
              cx=${place.x}
              cy=${place.y}
              r=${place.radius * px}
              fill=${namedColour(place.colour) ?? 'var(--warn)'}
              fill-opacity=${place.opacity}
              onPointerEnter=${() => setChosen(place)}
              onFocus=${() => setChosen(place)}
            />`,
        )}
      </svg>`
    }
    <div class="map-buttons">
      <button type="button" aria-label="Zoom in" onClick=${() => change((v) => zoomed(v, 0.6))}>+</button>
      <button type="button" aria-label="Zoom out" onClick=${() => change((v) => zoomed(v, 1 / 0.6))}>
        −
      </button>
      <button type="button" onClick=${() => setMoved(undefined)}>All</button>
    </div>
    ${chosen && html`<${Details} panel=${panel} frame=${frame} place=${chosen} close=${() => setChosen(undefined)} />`}
  </div>`
}

/** What is known of the place that the pointer or the focus is on. @param {{ panel: import('../dashboards/field.js').Panel, frame: import('../../dashboards/ask-panel.ts').Frame, place: Place, close: () => void }} props */
function Details({ panel, frame, place, close }) {
  const row = frame.rows[place.row] ?? []
  return html`<div class="map-details" role="status">
    <button type="button" class="plain" aria-label="Close" onClick=${close}>×</button>
    <dl>
      ${frame.columns.map(({ name, type }, i) => {
        const value = row[i]
        const field = fieldOf(panel, { name, type })
        if (record(field.custom['hideFrom'])['viz'] === true || /^(lat|lon)/.test(name)) return null
        const text =
          typeName(type) === 'time' ? momentText(Date.parse(String(value)), 60) : shownValue(value, field)
        return html`<div key=${name}>
          <dt>${field.displayName ?? words(name)}</dt>
          <dd>${text}</dd>
        </div>`
      })}
    </dl>
  </div>`
}

/** Tells how far the pointer went since it was last told, until it is let go. @param {PointerEvent} event @param {(dx: number, dy: number) => void} moved */
function drag(event, moved) {
  const { currentTarget: node, target } = event
  if (!(node instanceof HTMLElement) || (target instanceof Element && target.closest('button'))) return
  let [x, y] = [event.clientX, event.clientY]
  const ends = new AbortController()
  const { signal } = ends
  const onMove = (/** @type {PointerEvent} */ move) => {
    if (Math.abs(move.clientX - x) + Math.abs(move.clientY - y) < 3) return
    moved(move.clientX - x, move.clientY - y)
    x = move.clientX
    y = move.clientY
  }
  window.addEventListener('pointermove', onMove, { signal })
  window.addEventListener('pointerup', () => ends.abort(), { signal })
  window.addEventListener('pointercancel', () => ends.abort(), { signal })
}
