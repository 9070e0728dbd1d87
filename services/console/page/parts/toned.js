import { html } from 'htm/preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** A value in the colour that its threshold gives it. @param {{ colour: string, filled?: boolean, children?: unknown }} props */
export function Toned({ colour, filled = false, children }) {
  const node = useRef(/** @type {HTMLElement | null} */ (null))
  useLayoutEffect(() => node.current?.style.setProperty('--tone', colour), [colour])
  return html`<span class=${filled ? 'toned filled' : 'toned'} ref=${node}>${children}</span>`
}
