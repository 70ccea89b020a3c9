// Unpacks the Plotly program carried by this page and draws the figures; without it the tables still carry every number.
const PAPER_WIDTH = 660, PAPER_HEIGHT = 860; // CSS pixels of an A4 sheet less margins, title and subtitle
(async () => {
  const plots = [...document.querySelectorAll("[data-figure]")];
  const root = document.documentElement;
  const colours = () => {
    const css = getComputedStyle(root);
    return { "#1f2a33": css.getPropertyValue("--ink").trim(), "#d5dbe0": css.getPropertyValue("--rule").trim(), "#fefefe": css.getPropertyValue("--paper").trim() };
  };
  const specification = (plot) => {
    let text = document.getElementById("data-" + plot.dataset.figure).textContent;
    for (const [light, now] of Object.entries(colours())) text = text.replaceAll(light, now);
    return JSON.parse(text);
  };
  const draw = async () => {
    for (const plot of plots) {
      const { data, layout } = specification(plot);
      await Plotly.react(plot, data, layout, { displaylogo: false, responsive: true, displayModeBar: "hover", modeBarButtons: [["toImage"]], scrollZoom: false });
    }
  };
  try {
    if (plots.length) {
      const packed = document.getElementById("plotly-packed").textContent.trim();
      const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
      const source = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
      const script = document.createElement("script");
      script.textContent = source;
      document.head.append(script);
      await draw();
      const dark = window.matchMedia("(prefers-color-scheme: dark)");
      dark.addEventListener("change", draw);
      // On paper a figure takes the width of the sheet; one that needs more is drawn as wide as it needs and made smaller.
      const fit = (paper) => {
        for (const plot of plots) {
          const least = parseFloat(plot.style.minWidth) || 0;
          const scale = Math.min(1, PAPER_WIDTH / Math.max(PAPER_WIDTH, least), PAPER_HEIGHT / plot.offsetHeight);
          plot.style.zoom = paper ? scale : "";
          Plotly.relayout(plot, paper ? { width: Math.max(PAPER_WIDTH, least), autosize: false } : { width: null, autosize: true });
        }
      };
      window.addEventListener("beforeprint", () => fit(true));
      window.addEventListener("afterprint", () => fit(false));
    }
    root.dataset.figures = "drawn";
  } catch (error) {
    root.dataset.figures = "failed";
    for (const plot of plots) plot.textContent = "This browser could not draw the figure; its numbers are in the table below.";
    console.error(error);
  }
})();
