"""The young person's side of the web: one blueprint out of the interface and the pages."""

from sanic import Blueprint

from helpline.chat import api, pages

blueprint = Blueprint.group(api.blueprint, pages.blueprint)
