import { html } from 'htm/preact'
import { useEffect, useRef } from 'preact/hooks'

/** A patch of a colour. It is set by script: the page's policy forbids style attributes. @param {{ colour: string }} props */
export function Swatch({ colour }) {
  const node = useRef(/** @type {HTMLElement | null} */ (null))
  useEffect(() => node.current?.style.setProperty('background', colour), [colour])
  return html`<i class="swatch" ref=${node}></i>`
}
