# The commands on a CPU, with the versions of constraints.txt.
#
#   docker build -t lrcn-seq .
#   docker run --rm --user "$(id -u)" -v "$PWD:/work" lrcn-seq caption runs/mine my/photo.jpg
FROM python:3.11-slim

WORKDIR /opt/lrcn-seq
COPY constraints.txt pyproject.toml setup.py README.md LICENSE ./
COPY configs configs
COPY lrcn_seq lrcn_seq
RUN python -m pip install --no-cache-dir -c constraints.txt '.[meteor,flow,serve]'

# Caches of the library and of Keras, in a folder that any user may write to.
ENV HOME=/home/lrcn
RUN mkdir --mode=1777 /home/lrcn /work

WORKDIR /work
USER 1000
ENTRYPOINT ["lrcn"]
CMD ["--help"]
