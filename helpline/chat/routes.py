"""The young person's side of the web: one blueprint out of the interface and the pages."""

from sanic import Blueprint

from helpline.chat import after_api, after_pages, api, pages

blueprint = Blueprint.group(
    api.blueprint, after_api.blueprint, pages.blueprint, after_pages.blueprint
)
