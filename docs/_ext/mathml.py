"""Render mathematics as MathML while building: pages need no script and no network to be read."""

from docutils import nodes
from latex2mathml.converter import convert


def _visit_inline(self, node):
    self.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _visit_block(self, node):
    number = ""
    if node["number"]:
        link = f'<a class="headerlink" href="#{node["ids"][0]}">#</a>' if node["ids"] else ""
        number = f'<span class="eqno">({node["number"]}){link}</span>'
    self.body.append(self.starttag(node, "div", CLASS="math"))
    # the theme's flex row is reversed: the number goes first to stand at the right
    self.body.append(number + convert(node.astext(), display="block") + "</div>")
    raise nodes.SkipNode


def setup(app):
    """Register the renderer; ``html_math_renderer = "mathml"`` chooses it."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
