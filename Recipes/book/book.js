// Names that assistive technology can tell apart.
const name = () => {
  document.querySelectorAll("nav.md-code__nav").forEach((buttons, number) =>
    buttons.setAttribute("aria-label", `Code ${number + 1}`))
  // What can be scrolled is reached by keyboard.
  for (const table of document.querySelectorAll(".md-typeset__scrollwrap"))
    table.tabIndex = 0
  document.querySelector("nav.md-path")?.setAttribute("aria-label", "Path")
}
new MutationObserver(name).observe(document.body, { childList: true, subtree: true })
name()
