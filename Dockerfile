# The Studio in a container: docker compose up --build. On a GPU: docker compose up --build studio-gpu
FROM python:3.11-slim-bookworm

RUN useradd --create-home --uid 1000 studio
WORKDIR /studio
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY --chown=studio:studio . ./
# Volumes that are new take over what lies here: the shipped stories, and folders that belong to the user.
RUN mkdir -p workspace && chown studio:studio . workspace stories
USER 1000
VOLUME ["/studio/workspace", "/studio/stories"]
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
# All of the container's own addresses; compose.yaml publishes it on the host's loopback only.
CMD ["streamlit", "run", "Home.py", "--server.address=0.0.0.0"]
