"""`python -m helpline.limits` prints docs/routes.md, made from the table."""

from helpline.limits.page import page

if __name__ == "__main__":
    print(page(), end="")
