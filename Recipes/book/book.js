// Names that assistive technology can tell apart.
const name = () => {
  document.querySelectorAll("nav.md-code__nav").forEach((buttons, number) =>
    buttons.setAttribute("aria-label", `Code ${number + 1}`))
  // What can be scrolled is reached by keyboard.
  const wide = ".md-typeset__scrollwrap, .md-typeset p:has(> img)"
  for (const box of document.querySelectorAll(wide))
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0
    else box.removeAttribute("tabindex")
  document.querySelector("nav.md-path")?.setAttribute("aria-label", "Path")
}
new MutationObserver(name).observe(document.body, { childList: true, subtree: true })
name()

// The buttons of the header are labels, which the keyboard would pass over.
for (const label of document.querySelectorAll("label.md-header__button")) label.tabIndex = 0

// A schedule is drawn as lanes.
for (const table of document.querySelectorAll("article table"))
  if (table.querySelector("th")?.textContent === "step") table.dataset.lanes = ""

// One below the other, each code has its heading above it.
for (const table of document.querySelectorAll("article table:has(pre)")) {
  const headings = [...table.querySelectorAll("th")].map(it => it.textContent)
  for (const code of table.querySelectorAll("td"))
    code.dataset.label = headings[code.cellIndex]
}

// A link to a line, for the pointer: by keyboard they would be too many.
for (const line of document.querySelectorAll("pre > code > span[id^='__span-']")) {
  const link = Object.assign(document.createElement("a"),
    { className: "line", href: `#${line.id}`, tabIndex: -1 })
  link.setAttribute("aria-hidden", "true")
  line.prepend(link)
}

// Go and Swift stand beside each other where no line is cut off by that.
const stack = () => {
  const pairs = [...document.querySelectorAll("article table tr:has(pre)")]
  for (const pair of pairs) delete pair.dataset.stacked
  const isCut = code => code.scrollWidth > code.clientWidth
  for (const pair of pairs.filter(it => [...it.querySelectorAll("pre > code")].some(isCut)))
    pair.dataset.stacked = ""
}
const fit = () => { stack(); name() }
addEventListener("resize", fit)
fit()

// A link to a hazard shows its definition, which is read from its page of the book.
const card = Object.assign(document.createElement("div"),
  { id: "definition", className: "md-typeset", hidden: true })
card.setAttribute("role", "tooltip")
document.querySelector("article")?.append(card)
let shown = null, page = null, timer

const define = async link => {
  page ??= fetch(link.href.split("#")[0])
    .then(answer => answer.text())
    .then(text => new DOMParser().parseFromString(text, "text/html"))
  const heading = (await page).getElementById(link.hash.slice(1))
  const text = heading?.nextElementSibling
  if (!text || shown !== link) return
  card.replaceChildren(text.cloneNode(true))
  card.hidden = false
  const { left, top, bottom } = link.getBoundingClientRect()
  const ground = card.offsetParent.getBoundingClientRect()
  const isAbove = innerHeight - bottom < card.offsetHeight + 16
  const end = document.documentElement.clientWidth - card.offsetWidth - 8
  card.style.left = `${Math.max(8, Math.min(left, end)) - ground.left}px`
  card.style.top = `${(isAbove ? top - card.offsetHeight - 6 : bottom + 6) - ground.top}px`
  link.setAttribute("aria-describedby", card.id)
}
const hide = () => {
  shown?.removeAttribute("aria-describedby")
  shown = null
  card.hidden = true
}
// The pointer may move onto the card.
const leave = () => timer = setTimeout(hide, 200)
const stay = () => clearTimeout(timer)

for (const link of document.querySelectorAll("article a[href*='HAZARDS/#']")) {
  const show = () => {
    stay()
    if (shown === link) return
    hide()
    shown = link
    // Where its page cannot be read, it is a link as any other.
    define(link).catch(hide)
  }
  for (const event of ["mouseenter", "focus"]) link.addEventListener(event, show)
  for (const event of ["mouseleave", "blur"]) link.addEventListener(event, leave)
}
card.addEventListener("mouseenter", stay)
card.addEventListener("mouseleave", leave)
addEventListener("keydown", event => { if (event.key === "Escape") hide() })
